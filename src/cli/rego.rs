//! Rego policies, each evaluation in a process of its own: a limit on its memory and on its time holds whatever the
//! policy does, and a crash is a gap instead of the end of the report.

use crate::emit::json;
use crate::model::{Evidence, Report};
use crate::policy::rego::{self, Heard};
use crate::policy::{self, Policy, Weighed};

use jiff::Timestamp;

/// Judges evidence about what the report lists, and hears the policy's Rego about the outcome.
pub fn conclude(
    policy: &Policy,
    files: &[(String, String)],
    mut report: Report,
    mut evidence: Vec<Evidence>,
    now: Timestamp,
) -> Report {
    let judge = |report: &mut Report, evidence: Vec<Evidence>| {
        let judged = policy::judge(policy, &Weighed::of(report), evidence, now);
        report.findings = judged.findings;
        report.verdict = judged.verdict;
    };
    if files.is_empty() {
        judge(&mut report, evidence);
        return report;
    }
    judge(&mut report, evidence.clone());
    evidence.extend(rego::evidence(hear(files, &json::render(&report))));
    judge(&mut report, evidence);
    report
}

#[cfg(not(feature = "rego"))]
fn hear(_: &[(String, String)], _: &str) -> Heard {
    Heard::Nothing("this build of weighbridge has no Rego (--features rego)".to_owned())
}

#[cfg(feature = "rego")]
fn hear(files: &[(String, String)], input: &str) -> Heard {
    child::hear(files, input).unwrap_or_else(Heard::Nothing)
}

#[cfg(feature = "rego")]
pub use child::run;

#[cfg(feature = "rego")]
mod child {
    use std::io::{Read as _, Write as _};
    use std::process::{Child, Command, ExitCode, Stdio};
    use std::time::{Duration, Instant};

    use rustix::process::{Resource, Rlimit, setrlimit};
    use serde::{Deserialize, Serialize};

    use super::super::exit::Mistake;
    use super::super::output;
    use crate::policy::rego::{Heard, evaluate};

    /// Time for the interpreter, by its own clock.
    const TIME: Duration = Duration::from_secs(5);
    /// Time for the process, should a single step not end.
    const PATIENCE: Duration = Duration::from_secs(8);
    /// Bytes of address space, the program itself included.
    const MEMORY: u64 = 1 << 30;

    #[derive(Serialize, Deserialize)]
    struct Question {
        files: Vec<(String, String)>,
        input: String,
    }

    /// Asks another process of this program, without environment.
    pub fn hear(files: &[(String, String)], input: &str) -> Result<Heard, String> {
        let question = Question { files: files.to_vec(), input: input.to_owned() };
        let question = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
        let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let mut child = Command::new(program)
            .arg("rego-evaluate")
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start an evaluation: {error}"))?;
        let (mut to, mut from) = (child.stdin.take(), child.stdout.take());
        // A child that dies early closes its pipe: then there is no answer, which is said below.
        let asking = std::thread::spawn(move || to.take().is_some_and(|mut to| to.write_all(&question).is_ok()));
        let reading = std::thread::spawn(move || {
            let mut answer = Vec::new();
            from.take().map(|from| from.take(64 << 20).read_to_end(&mut answer));
            answer
        });
        let ended = wait(&mut child);
        let _ = asking.join();
        let answer = reading.join().unwrap_or_default();
        ended?;
        serde_json::from_slice::<Result<Vec<String>, String>>(&answer)
            .map(|answer| answer.map_or_else(Heard::Nothing, Heard::Denials))
            .map_err(|_| "the evaluation reached its limit of memory, or ended without an answer".to_owned())
    }

    fn wait(child: &mut Child) -> Result<(), String> {
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(_)) => return Ok(()),
                Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
                ended => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(match ended {
                        Ok(_) => format!("the evaluation reached its limit of {} seconds", PATIENCE.as_secs()),
                        Err(error) => format!("the evaluation cannot be watched: {error}"),
                    });
                }
            }
        }
    }

    /// The other process: bounds itself, reads the question, answers.
    pub fn run() -> Result<ExitCode, Mistake> {
        let bound = |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
        bound(Resource::As, MEMORY)
            .and_then(|()| bound(Resource::Cpu, PATIENCE.as_secs()))
            .and_then(|()| bound(Resource::Core, 0))
            .map_err(|error| Mistake::new(format!("cannot bound an evaluation: {error}")))?;
        let mut question = Vec::new();
        std::io::stdin().read_to_end(&mut question).map_err(Mistake::new)?;
        let question: Question = serde_json::from_slice(&question).map_err(Mistake::new)?;
        let answer = match evaluate(&question.files, &question.input, TIME) {
            Heard::Denials(denials) => Ok(denials),
            Heard::Nothing(why) => Err(why),
        };
        output::document(&serde_json::to_string(&answer).map_err(Mistake::new)?, None)?;
        Ok(ExitCode::SUCCESS)
    }
}
