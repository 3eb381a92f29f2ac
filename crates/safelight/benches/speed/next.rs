//! The next offsite run: twenty new photos in libraries of very different sizes.

use crate::{
    Plan,
    house::House,
    measure,
    offsite::{self, Peer, peers, safelight},
    table::Table,
};

/// How many photos are new each time.
const NEW: usize = 20;
/// Small files will do: what matters is how many there are.
const SIZE: usize = 1_000;

pub(crate) fn compare(plan: &Plan) {
    for count in [1_000, 100_000, 1_000_000].map(|count| plan.scaled(count)) {
        let house = House::filled(plan, 5, &[(count, SIZE)]);
        next_run(plan, count, &house);
    }
}

fn next_run(plan: &Plan, count: usize, house: &House) {
    let folder = plan.folder();
    offsite::backup(
        house,
        "disk",
        &format!("file://{}", folder.path().join("ours").display()),
        &[],
    );
    let peers: Vec<_> = peers()
        .into_iter()
        .filter(|(name, _)| name.starts_with("restic"))
        .map(|(name, program)| {
            let repository = folder
                .path()
                .join(name.replace(' ', "-"))
                .display()
                .to_string();
            let peer = Peer {
                program,
                repository,
                cache: folder.path().join(format!("cache {name}")),
            };
            measure::program(&mut peer.command(&["init"]));
            measure::program(peer.command(&["backup"]).arg(house.library()));
            (name, peer)
        })
        .collect();

    let mut table = Table::new(format!(
        "Next offsite run, {NEW} new in {count}, local repository"
    ));
    for round in 0..plan.rounds {
        house.receive(100 + round as u64, NEW, SIZE);
        table.add(
            "safelight",
            measure::program(safelight(house).arg("backup")),
        );
        for (name, peer) in &peers {
            table.add(
                name,
                measure::program(peer.command(&["backup"]).arg(house.library())),
            );
        }
    }
    table.print();
}
