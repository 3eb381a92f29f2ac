//! The next offsite run: twenty new photos in libraries of very different sizes. A phone brings those of one night; photos
//! from all over the years are the worst that can come, since every month's list changes.

use safelight_testkit::Photos;

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

/// What is new, and its camera roll for a seed.
type Kind = (&'static str, fn(u64) -> Photos);

const KINDS: [Kind; 2] = [
    ("of one night", Photos::of_one_evening),
    ("scattered over all months", Photos::new),
];

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

    for (number, (kind, roll)) in KINDS.iter().enumerate() {
        let mut table = Table::new(format!(
            "Next offsite run, {NEW} new {kind} in {count}, local repository"
        ));
        for round in 0..plan.rounds {
            let seed = (100 * (number + 1) + round) as u64;
            house.receive(roll(seed), &format!("{seed}"), NEW, SIZE);
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
}
