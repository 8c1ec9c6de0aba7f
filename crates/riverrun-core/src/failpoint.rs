//! Named places at which a rehearsal makes a job fail: an error, a panic, a sudden death, a delay.
//!
//! Without the feature `failpoints` nothing of it is compiled in. With it nothing happens either until `arm` is called. Points stand
//! where a crash matters (before an upload, between a commit and its confirmation), never where every row passes.

use crate::error::Result;

/// Does what has been armed for the point `name`; usually nothing.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn failpoint(_name: &str) -> Result<()> {
    Ok(())
}

/// Does what has been armed for the point `name`; usually nothing.
#[cfg(feature = "failpoints")]
pub fn failpoint(name: &str) -> Result<()> {
    armed::hit(name)
}

#[cfg(feature = "failpoints")]
pub use armed::{arm, disarm};

#[cfg(feature = "failpoints")]
mod armed {
    use crate::error::{Error, Result};

    pub(super) fn hit(name: &str) -> Result<()> {
        fail::fail_point!(name, |action| act(name, action.as_deref()));
        Ok(())
    }

    fn act(name: &str, action: Option<&str>) -> Result<()> {
        if action == Some("kill") {
            // As if from outside: no destructor runs, nothing is flushed.
            let _ = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
        }
        Err(Error::failure(format!("the failpoint '{name}' was hit")))
    }

    /// Arms points: `name=actions;name=actions`. Actions are those of the crate `fail`: `panic`, `sleep(100)`, `return(error)`,
    /// `return(kill)` for SIGKILL; `4*off->1*panic` at the fifth hit only.
    pub fn arm(points: &str) -> Result<()> {
        for point in points.split(';').map(str::trim).filter(|point| !point.is_empty()) {
            let (name, actions) = point
                .split_once('=')
                .ok_or_else(|| Error::input(format!("'{point}' is no failpoint: name=actions")))?;
            fail::cfg(name.trim(), actions.trim())
                .map_err(|error| Error::input(format!("'{point}' is no failpoint: {error}")))?;
        }
        Ok(())
    }

    /// Takes all points back.
    pub fn disarm() {
        for (name, _) in fail::list() {
            fail::remove(name);
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::failpoint::failpoint;

        #[test]
        fn a_point_acts_at_the_hit_it_is_armed_for() {
            arm("a-test-point=1*off->1*return(error)").unwrap();
            failpoint("a-test-point").unwrap();
            assert_eq!(failpoint("a-test-point").unwrap_err().message(), "the failpoint 'a-test-point' was hit");
            failpoint("a-test-point").unwrap();
            assert!(arm("nonsense").is_err());
            disarm();
        }
    }
}
