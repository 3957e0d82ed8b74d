//! Identity tokens: JSON Web Tokens (RFC 7519) of OpenID Connect, read but not verified.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::strict;

/// Longer is no token.
const LONGEST: usize = 64 << 10;

/// A token that a certificate authority may take. Whoever holds it can sign in that name for minutes, so it is never
/// printed, and wiped when dropped.
pub struct IdentityToken {
    raw: Zeroizing<String>,
    issuer: String,
    name: String,
    expires: Option<i64>,
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityToken(of {:?} by {:?})", self.name, self.issuer)
    }
}

impl IdentityToken {
    /// Reads the claims that matter here. Nothing of it is verified: that is the certificate authority's part.
    ///
    /// # Errors
    /// A clause that never shows the token.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let not = |why: &str| format!("this is no identity token: {why}");
        if text.len() > LONGEST {
            return Err(not("it is too long"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [_, claims, _] = parts.as_slice() else { return Err(not("it has not three parts")) };
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Err(not("it holds other characters than base64url"));
        }
        let claims = Zeroizing::new(strict::base64(claims).map_err(|clause| not(&clause))?);
        let claims = strict::parse(&claims).map_err(|clause| not(&clause))?;
        let text_of = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let issuer = text_of("iss").ok_or_else(|| not("it names no issuer"))?;
        let name = text_of("email").or_else(|| text_of("sub")).ok_or_else(|| not("it names no subject"))?;
        let expires = claims.get("exp").and_then(Value::as_i64);
        Ok(Self { raw: Zeroizing::new(text.to_owned()), issuer, name, expires })
    }

    /// The token itself, to be sent to the certificate authority and to nobody else.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Who vouches.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whom: an e-mail address, else the subject.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it says that it has ended by that Unix time.
    #[must_use]
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_and_the_token_is_not_shown() {
        // {"alg":"none"} . {"iss":"https://i","sub":"s","email":"e@x","exp":10} . ""
        let claims = "eyJpc3MiOiJodHRwczovL2kiLCJzdWIiOiJzIiwiZW1haWwiOiJlQHgiLCJleHAiOjEwfQ";
        let token = IdentityToken::read(&format!("eyJhbGciOiJub25lIn0.{claims}.c2ln\n")).unwrap();
        assert_eq!((token.issuer(), token.name()), ("https://i", "e@x"));
        assert!(token.is_expired(10) && !token.is_expired(9));
        assert!(!format!("{token:?}").contains(claims));
        for bad in ["", "a.b", "a.b.c", "a.e30.c", &format!("a.{claims}.c d"), &format!("a.{claims}.c.d")] {
            assert!(IdentityToken::read(bad).is_err(), "{bad}");
        }
    }
}
