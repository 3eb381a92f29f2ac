//! A server for one test, and clients of it.

use std::{net::SocketAddr, path::Path, sync::Arc};

use jiff::tz::TimeZone;
use safelight_engine::{Answer, Command, Engine, Quiet, command::NewDevice, reach::Reach};
use safelight_http::tls::{Identity, Issuer, Tls};
pub(crate) use safelight_testkit::{Browser, browser::csrf};
use safelight_testkit::{Client, FakeClock, Response, SeededEntropy};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot, task::JoinHandle};

/// The owner's password.
pub(crate) const PASSWORD: &str = "four words in a row";

/// A running server. Dropping it ends it in order; whatever it left undone then fails the test.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) address: SocketAddr,
    /// What it shows.
    pub(crate) tls: Tls,
    /// The PEM of what it shows at first.
    pub(crate) certificate: String,
    folder: TempDir,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<std::io::Result<()>>>,
}

impl House {
    /// With a library folder.
    pub(crate) fn new() -> Self {
        Self::built(true)
    }

    /// As the program is when it is started for the first time.
    pub(crate) fn empty() -> Self {
        Self::built(false)
    }

    fn built(with_library: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let engine = Engine::open(safelight_engine::Options {
            data_dir: folder.path().join("data"),
            library_dir: with_library.then(|| folder.path().join("library")),
            clock: Arc::new(FakeClock::default()),
            entropy: Arc::new(SeededEntropy::new(7)),
            zone: TimeZone::UTC,
            media_worker: None,
        })
        .unwrap();
        engine.start().unwrap();
        let options = safelight_http::Options {
            hosts: vec!["photos.example".to_owned()],
            zone: TimeZone::UTC,
            suggested_library: "/srv/photos".to_owned(),
            tls: Tls::default(),
        };
        let tls = options.tls.clone();
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        tls.show(
            Identity::from_pem(
                Issuer::Safelight,
                certificate.as_bytes(),
                key.serialize_pem().as_bytes(),
            )
            .unwrap(),
        );
        let router = safelight_http::router(engine.clone(), options);
        let runtime = Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        engine.set_address(&format!("http://{address}")).unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = runtime.spawn(safelight_http::serve(
            listener,
            router,
            tls.clone(),
            stopped,
        ));
        Self {
            engine,
            address,
            tls,
            certificate,
            folder,
            runtime: Some(runtime),
            stop: Some(stop),
            server: Some(server),
        }
    }

    pub(crate) fn library(&self) -> std::path::PathBuf {
        self.folder.path().join("library")
    }

    /// A folder beside the library.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn run(&self, command: Command) -> Answer {
        self.engine.run(command, &Quiet).unwrap()
    }

    /// A device and its password and token.
    pub(crate) fn device(&self, name: &str) -> NewDevice {
        match self.run(Command::DeviceAdd {
            name: name.to_owned(),
            person: None,
            acknowledge: None,
        }) {
            Answer::Device(device) => device,
            other => panic!("not a device: {other:?}"),
        }
    }

    /// Adds a destination.
    pub(crate) fn offsite(&self) {
        self.run(Command::DestinationAdd {
            name: "disk".into(),
            url: format!("file://{}", self.beside("offsite")),
            keys: None,
            password: None,
        });
    }

    /// A WebDAV client of a new device.
    pub(crate) fn phone(&self) -> Phone {
        let device = self.device("phone");
        let client = Client::new(self.address).basic(&device.user, &device.password);
        Phone {
            client,
            user: device.user,
        }
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.address)
    }

    /// Nobody in particular, encrypted.
    pub(crate) fn encrypted(&self) -> Client {
        self.stranger().encrypted(&self.certificate)
    }

    /// Changes how the house is reached.
    pub(crate) fn reach(&self, change: impl FnOnce(&mut Reach)) {
        let mut reach = Reach::clone(&self.engine.reach());
        change(&mut reach);
        self.engine.set_reach(reach).unwrap();
    }

    /// The owner's browser, signed in.
    pub(crate) fn browser(&self) -> Browser {
        self.signed_in(self.stranger())
    }

    /// The owner's browser, signed in over such a connection.
    pub(crate) fn signed_in(&self, client: Client) -> Browser {
        let runtime = self.runtime.as_ref().unwrap();
        runtime
            .block_on(self.engine.set_owner_password(PASSWORD.to_owned()))
            .unwrap();
        let mut browser = Browser::over(client);
        let answer = browser.post("/sign-in", &[("password", PASSWORD)]);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        browser
    }

    /// How many files lie in the library, apart from our own.
    pub(crate) fn files(&self) -> usize {
        self.names().len()
    }

    /// The names of the files in the library, in their order, without their folders.
    pub(crate) fn names(&self) -> Vec<String> {
        fn collect(folder: &Path, names: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let name = entry.file_name().into_string().unwrap();
                if name == ".safelight" {
                    continue;
                }
                if entry.path().is_dir() {
                    collect(&entry.path(), names);
                } else {
                    names.push(name);
                }
            }
        }
        let mut names = Vec::new();
        collect(&self.library(), &mut names);
        names.sort();
        names
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        let runtime = self.runtime.take().unwrap();
        let ended = runtime.block_on(self.server.take().unwrap());
        let closed = self.engine.shut_down();
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
            closed.unwrap();
        }
    }
}

/// A WebDAV client.
pub(crate) struct Phone {
    pub(crate) client: Client,
    pub(crate) user: String,
}

impl Phone {
    pub(crate) fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.client.send(method, target, headers, body).unwrap()
    }

    /// A request without headers of its own and without a body.
    pub(crate) fn ask(&mut self, method: &str, target: &str) -> u16 {
        self.send(method, target, &[], b"").status
    }

    pub(crate) fn put(&mut self, target: &str, body: &[u8]) -> Response {
        self.send("PUT", target, &[], body)
    }

    pub(crate) fn get(&mut self, target: &str) -> Response {
        self.send("GET", target, &[], b"")
    }

    /// MOVE or COPY.
    pub(crate) fn relocate(
        &mut self,
        method: &str,
        from: &str,
        to: &str,
        headers: &[(&str, &str)],
    ) -> u16 {
        let mut all = vec![("Destination", to)];
        all.extend_from_slice(headers);
        self.send(method, from, &all, b"").status
    }
}
