//! Questions whose answers are small.

use super::{Client, Error, Reply, Trouble, of, permitted, reply};

impl Client {
    /// Asks once and returns the answer, whatever its status; at most `limit` bytes of it. Redirects are not followed.
    ///
    /// # Errors
    /// Nothing was answered, or too much.
    pub fn get(&self, url: &str, headers: &[(&str, &str)], limit: u64) -> Result<Reply, Error> {
        let local = permitted(url)?;
        let mut request = self.agent.get(url).config().https_only(!local).max_redirects(0).build();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.call().map_err(|error| match of(url, error) {
            Trouble::Passing(error) | Trouble::Lasting(error) => error,
        })?;
        reply(url, response, limit)
    }
}
