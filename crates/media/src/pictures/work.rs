//! A worker's life: take an order, decode, answer, until there are no more.

use std::{
    io::{self, Read, Write},
    panic::{self, AssertUnwindSafe},
};

use super::{
    confine, decode,
    order::{self, Answer, GREETING, Opening, Order},
    show,
};

/// Does a worker's work until the program that started it closes the pipe: orders come on the standard input, answers go
/// to the standard output.
///
/// First of all it gives up what it does not need ([`Limits`](super::Limits), and on Linux files, network and other
/// processes). To be called by nobody but the program that [`WorkerProgram`](super::WorkerProgram) names, as the only thing
/// that it does.
///
/// # Errors
///
/// The pipes do not carry what they should, or the process could not be confined.
pub fn work() -> io::Result<()> {
    let (mut orders, mut answers) = (io::stdin().lock(), io::stdout().lock());
    let opening = Opening::read(&mut orders)?;
    confine::confine(opening.memory)?;
    // What a decoder panics about is answered, not printed.
    panic::set_hook(Box::new(|_| {}));
    answers.write_all(GREETING)?;
    answers.flush()?;
    while let Some(order) = Order::read(&mut orders)? {
        confine::allow_time(opening.cpu_seconds)?;
        let mut bytes = (&mut orders).take(order.payload());
        // The decoder's state goes with the panic: nothing of it is used again.
        let answer = panic::catch_unwind(AssertUnwindSafe(|| render(&order, &mut bytes)))
            .unwrap_or_else(|_| Err("the decoder gave up on it".into()));
        // What a decoder did not want is in the way of the next order.
        io::copy(&mut bytes, &mut io::sink())?;
        order::write_answer(&answer, &mut answers)?;
    }
    Ok(())
}

fn render(order: &Order, bytes: &mut impl Read) -> Answer {
    let decoded = decode::decode(order, bytes, show::longest(order.want))?;
    show::show(&decoded, order)
}
