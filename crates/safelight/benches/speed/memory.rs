//! Memory while one huge video comes in.

use std::io::{self, Read};

use safelight_testkit::Random;

use crate::{
    Plan,
    house::{House, phone},
    measure::{self, Sample},
    table::Table,
};

pub(crate) fn compare(plan: &Plan) {
    let megabytes = plan.scaled(4_000) as u64;
    let mut table = Table::new(format!("One upload of {megabytes} MB"));
    let house = House::new(plan);
    let server = house.serve();
    let mut client = phone(&server);
    let mut body = Endless::new(1);
    let sample = measure::timed(|| {
        let answer = client
            .stream(
                "PUT",
                "/dav/long.mp4",
                &[],
                megabytes * 1_000_000,
                &mut body,
            )
            .expect("an answer");
        assert_eq!(answer.status, 201, "{answer:?}");
    });
    let (cpu_seconds, peak_megabytes) = (
        measure::cpu_seconds(server.id()),
        measure::peak_megabytes(server.id()),
    );
    table.add(
        "safelight",
        Sample {
            cpu_seconds,
            peak_megabytes,
            ..sample
        },
    );
    table.print();
}

/// Incompressible bytes without an end.
struct Endless {
    random: Random,
}

impl Endless {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.random.fill(buffer);
        Ok(buffer.len())
    }
}
