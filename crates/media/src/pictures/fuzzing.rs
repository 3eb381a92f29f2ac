//! What reads strangers' bytes here and is our own, for the targets of `cargo fuzz` only.

use std::io::Cursor;

use super::{
    Want,
    order::{self, Opening, Order},
    source,
};

/// Finds the picture in a file. Whatever is to be sent must lie in the file, and be as long as it is said to be.
pub fn choose(bytes: &[u8]) {
    for preview in [false, true] {
        let want = Want {
            thumbnail: true,
            preview,
        };
        let most = bytes.len() as u64 * 2;
        let Ok(choices) = source::choose(&mut Cursor::new(bytes), want, most) else {
            continue;
        };
        for chosen in choices.chosen {
            let mut sent = 0;
            for span in &chosen.spans {
                assert!(span.end() <= bytes.len() as u64);
                sent += span.len;
            }
            assert_eq!(sent, chosen.order.payload());
            assert!(sent <= most);
            let mut wire = Vec::new();
            // One that is too long for the pipe is refused by us.
            if chosen.order.write(&mut wire).is_ok() {
                let read = Order::read(&mut wire.as_slice());
                assert_eq!(read.ok().flatten().as_ref(), Some(&chosen.order));
            }
        }
    }
}

/// Reads what comes through the pipes, in both directions.
pub fn wire(bytes: &[u8]) {
    if let Ok(Some(order)) = Order::read(&mut &bytes[..]) {
        let mut again = Vec::new();
        order.write(&mut again).expect("it was short enough");
        assert_eq!(again, bytes[..again.len()]);
    }
    if let Ok(answer) = order::read_answer(&mut &bytes[..]) {
        let mut again = Vec::new();
        order::write_answer(&answer, &mut again).expect("it was short enough");
    }
    let _ = Opening::read(&mut &bytes[..]);
}
