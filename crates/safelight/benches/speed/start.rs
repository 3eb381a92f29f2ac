//! Start with a large catalogue: the time to the first answer, and memory at rest.

use std::time::{Duration, Instant};

use crate::{
    Plan,
    house::House,
    measure::{self, Sample},
    table::Table,
};

/// How long the server is left alone before its memory at rest is read.
const REST: Duration = Duration::from_secs(5);

pub(crate) fn compare(plan: &Plan) {
    let count = plan.scaled(1_000_000);
    let house = House::filled(plan, 6, &[(count, 600)]);
    let mut table = Table::new(format!(
        "Start with {count} photos, to the first answer; memory at rest"
    ));
    for _ in 0..plan.rounds {
        measure::flush();
        let start = Instant::now();
        let mut server = house.serve();
        let answer = server
            .client()
            .send("GET", "/", &[], b"")
            .expect("an answer");
        let seconds = start.elapsed().as_secs_f64();
        assert!(answer.status < 500, "{answer:?}");
        measure::pause(REST);
        let peak_megabytes = measure::megabytes(server.id());
        let cpu_seconds = measure::cpu_seconds(server.id());
        table.add(
            "safelight",
            Sample {
                seconds,
                cpu_seconds,
                peak_megabytes,
            },
        );
        server.stop();
    }
    table.print();
}
