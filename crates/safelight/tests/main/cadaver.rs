//! `cadaver`, a WebDAV client that a person types into, and that locks.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use safelight_testkit::{Photos, tools};

use crate::house::House;

#[test]
fn cadaver_stores_locks_renames_and_reads_back() {
    let Some(cadaver) = tools::require("cadaver") else {
        return;
    };
    let house = House::new();
    let picture = Photos::new(1).next(100_000);
    std::fs::write(house.path("a.jpg"), &picture.bytes).unwrap();
    let login = format!(
        "machine 127.0.0.1 login {} password {}\n",
        house.phone.user, house.phone.password
    );
    std::fs::write(house.path(".netrc"), login).unwrap();
    let mut child = Command::new(cadaver)
        .arg(&house.phone.webdav_url)
        .current_dir(house.path(""))
        .env("HOME", house.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = "mkcol album\ncd album\nput a.jpg IMG_1.jpg\nlock IMG_1.jpg\nput a.jpg IMG_1.jpg\nunlock IMG_1.jpg\n\
                 copy IMG_1.jpg IMG_2.jpg\nmove IMG_2.jpg IMG_3.jpg\npropset IMG_3.jpg mood calm\n\
                 propget IMG_3.jpg mood\nget IMG_3.jpg back.jpg\ndelete IMG_3.jpg\nls\nget IMG_3.jpg gone.jpg\nquit\n";
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        (
            said.matches("succeeded").count(),
            said.matches("failed").count()
        ),
        (11, 1),
        "all but the last, a file that was deleted:\n{said}"
    );
    assert!(said.contains("Value of mood is: calm"), "{said}");
    assert_eq!(
        std::fs::read(house.path("back.jpg")).unwrap(),
        picture.bytes
    );
    // The same bytes, whatever they were called, are one photo.
    assert_eq!(house.count("photos"), 1);
}
