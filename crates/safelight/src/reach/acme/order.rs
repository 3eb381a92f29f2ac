//! One order, from the account to the certificate (RFC 8555, section 7), proved by TLS-ALPN-01 (RFC 8737).

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use instant_acme::{
    AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use safelight_engine::reach::{Acme, AcmeDirectory, AcmeEmail};
use safelight_http::tls::{Challenge, Proving, Tls};

use super::{Account, Issued};

/// How long the authority may take to look at the proof, and again to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// How long everything may take together.
const LONGEST: Duration = Duration::from_secs(360);
/// The authority has forgotten the account (RFC 8555, section 6.7).
const ACCOUNT_UNKNOWN: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// What is wanted from whom.
pub(crate) struct Order {
    acme: Acme,
    name: String,
    account: Option<Account>,
    tls: Tls,
}

/// How an order ended.
pub(crate) struct Answer {
    pub(super) directory: AcmeDirectory,
    pub(super) name: String,
    /// For the next order, also after a failure: authorities allow few new accounts.
    pub(super) account: Option<Account>,
    pub(super) outcome: anyhow::Result<Issued>,
}

impl Order {
    pub(super) const fn new(acme: Acme, name: String, account: Option<Account>, tls: Tls) -> Self {
        Self {
            acme,
            name,
            account,
            tls,
        }
    }

    /// Gets the certificate. Asks the authority a few dozen times at most, within six minutes.
    pub(crate) async fn fill(self) -> Answer {
        let mut account = self.account.clone();
        let outcome = tokio::time::timeout(LONGEST, self.obtain(&mut account))
            .await
            .unwrap_or_else(|_| Err(anyhow!("it took over {LONGEST:?}")));
        if let Err(error) = &outcome
            && let Some(Error::Api(problem)) = error.downcast_ref()
            && problem.r#type.as_deref() == Some(ACCOUNT_UNKNOWN)
        {
            account = None;
        }
        Answer {
            directory: self.acme.directory,
            name: self.name,
            account,
            outcome,
        }
    }

    async fn obtain(&self, account: &mut Option<Account>) -> anyhow::Result<Issued> {
        let signed_in = self.sign_in(account).await?;
        let names = [Identifier::Dns(self.name.clone())];
        let mut order = signed_in
            .new_order(&NewOrder::new(&names))
            .await
            .context("It takes no order")?;
        let proving = self.prove(&mut order).await?;
        let ready = order.poll_ready(&PATIENCE).await;
        drop(proving);
        match ready {
            Ok(OrderStatus::Ready) => {}
            ended => return Err(refusal(&mut order, ended.err()).await),
        }
        let key = order.finalize().await.context("It does not sign")?;
        let certificate = order
            .poll_certificate(&PATIENCE)
            .await
            .context("It gives no certificate out")?;
        Issued::new(
            self.acme.directory.clone(),
            self.name.clone(),
            certificate,
            key,
        )
    }

    /// The account at the authority, made at the first time.
    async fn sign_in(
        &self,
        account: &mut Option<Account>,
    ) -> anyhow::Result<instant_acme::Account> {
        let builder = match &self.acme.trust {
            Some(file) => instant_acme::Account::builder_with_root(file)
                .with_context(|| format!("The certificate in {} cannot be used", file.display()))?,
            None => instant_acme::Account::builder()
                .context("The certificates that this system trusts cannot be read")?,
        };
        let contact: Vec<String> = self.acme.email.iter().map(mailto).collect();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        if let Some(account) = account {
            let credentials = serde_json::from_value(account.credentials.clone())
                .context("The account with it that is kept cannot be used")?;
            let signed_in = builder
                .from_credentials(credentials)
                .await
                .context("It cannot be reached")?;
            if account.email != self.acme.email {
                signed_in
                    .update_contacts(&contact)
                    .await
                    .context("It does not take the e-mail address")?;
                account.email.clone_from(&self.acme.email);
            }
            return Ok(signed_in);
        }
        let new = NewAccount {
            contact: &contact,
            // Said by the owner: without it there are no settings to come here with.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (signed_in, credentials) = builder
            .create(&new, self.acme.directory.to_string(), None)
            .await
            .map_err(|error| {
                let attempt = match error {
                    Error::Api(_) => "It gives no account",
                    _ => "It cannot be reached",
                };
                anyhow::Error::new(error).context(attempt)
            })?;
        *account = Some(Account {
            directory: self.acme.directory.clone(),
            email: self.acme.email.clone(),
            credentials: serde_json::to_value(credentials)
                .context("The account with it cannot be kept")?,
        });
        Ok(signed_in)
    }

    /// Shows the proof, and asks the authority to look at it. None if it still remembers an earlier one.
    async fn prove(&self, order: &mut instant_acme::Order) -> anyhow::Result<Option<Proving>> {
        let mut proving = None;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.context("It does not say what to prove")?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                status => bail!("It does not let the name be proved ({status:?})"),
            }
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .context("It does not know the proof over port 443 (TLS-ALPN-01), the only one that Safelight can give")?;
            let proof = self.proof(challenge.key_authorization().digest().as_ref())?;
            proving = Some(self.tls.prove(proof));
            challenge
                .set_ready()
                .await
                .context("It does not look at the proof")?;
        }
        Ok(proving)
    }

    /// The certificate that only the account's holder can make for the authority's question (RFC 8737, section 3).
    fn proof(&self, digest: &[u8]) -> anyhow::Result<Challenge> {
        let key = KeyPair::generate().context("No private key could be made")?;
        let mut params = CertificateParams::new(vec![self.name.clone()])
            .with_context(|| format!("{:?} is no name for a certificate", self.name))?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let certificate = params.self_signed(&key).context("No proof could be made")?;
        Challenge::from_pem(
            &self.name,
            certificate.pem().as_bytes(),
            key.serialize_pem().as_bytes(),
        )
        .context("No proof could be made")
    }
}

fn mailto(email: &AcmeEmail) -> String {
    format!("mailto:{email}")
}

/// Why the order cannot go on: what the authority found when it looked at the proof says more than the order's own end.
async fn refusal(order: &mut instant_acme::Order, ended: Option<Error>) -> anyhow::Error {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        // A look that fails leaves only the order's end to tell.
        let Ok(state) = authorization.refresh().await else {
            break;
        };
        let found = state
            .challenges
            .iter()
            .find_map(|challenge| challenge.error.clone());
        if let Some(problem) = found {
            return anyhow::Error::new(Error::Api(problem))
                .context("It could not see that the name leads here through port 443");
        }
    }
    match ended {
        Some(error) => {
            anyhow::Error::new(error).context("It could not see that the name leads here")
        }
        None => anyhow!("It could not see that the name leads here, and does not say why"),
    }
}
