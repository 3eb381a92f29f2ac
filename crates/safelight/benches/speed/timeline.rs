//! The timeline of a large library: pages of a year, a month and a day, and the tiles that a script asks for.

use safelight_testkit::Browser;

use crate::{Plan, house::House, measure, table::Table};

/// How often each page is looked at for one measurement.
const LOOKS: usize = 100;

pub(crate) fn compare(plan: &Plan) {
    let count = plan.scaled(1_000_000);
    let house = House::filled(plan, 9, &[(count, 600)]);
    let mut server = house.serve();
    let mut browser = Browser::new(server.address());
    let password = [
        ("password", "four words in a row"),
        ("again", "four words in a row"),
    ];
    let chosen = browser.post("/setup/password", &password);
    assert_eq!(chosen.status, 303, "{}", chosen.text());
    let newest = browser.get("/timeline");
    let year = newest.header("location").expect("a year").to_owned();
    let page = browser.get(&year).text();
    let day = page
        .split("data-day=\"")
        .nth(1)
        .and_then(|rest| rest.get(..10))
        .expect("a day");
    let month = format!("/timeline/{}", &day[..7]);
    let mut table = Table::new(format!("{LOOKS} looks at the timeline of {count} photos"));
    for _ in 0..plan.rounds {
        for (name, address) in [
            ("its newest year", year.clone()),
            ("that year's last month", month.clone()),
            ("that month's last day", format!("/timeline/{day}")),
            (
                "120 tiles of the year",
                format!("{year}/tiles?day={day}&count=120"),
            ),
            (
                "500 tiles of the year",
                format!("{year}/tiles?day={day}&count=500"),
            ),
        ] {
            table.add(
                name,
                measure::timed(|| {
                    for _ in 0..LOOKS {
                        assert_eq!(browser.get(&address).status, 200, "{address}");
                    }
                }),
            );
        }
    }
    table.print();
    server.stop();
}
