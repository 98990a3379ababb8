//! Kills the real process before and after every durable step of a command.

use std::sync::atomic::{AtomicUsize, Ordering};

use bywash_testkit::{Output, Sandbox};

use crate::shop::copy;

/// How a killed process ends.
pub(crate) const KILLED: i32 = 128 + 9;

/// The phase of each durable step of a command that nobody kills.
pub(crate) fn steps_of(shop: &Sandbox, command: &[&str]) -> Vec<String> {
    let log = shop.path().join("steps.log");
    shop.command(command).env("BYWASH_FAULT_LOG", &log).run().success();
    let text = std::fs::read_to_string(log).expect("the log of steps");
    text.lines().map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
}

/// Runs a command in as many copies of a project as it has steps, kills each at its step, and lets `examine` look at
/// what is left; gives how many were killed before they had ended.
pub(crate) fn kill_at_each(
    prepared: &Sandbox,
    command: &[&str],
    steps: usize,
    examine: impl Fn(&Sandbox, usize, &Output) + Sync,
) -> usize {
    let (next, killed) = (AtomicUsize::new(1), AtomicUsize::new(0));
    let kill_all = || {
        loop {
            let step = next.fetch_add(1, Ordering::SeqCst);
            if step > steps {
                return;
            }
            let shop = copy(prepared);
            let output = shop.command(command).env("BYWASH_FAULT_KILL_AT", step.to_string()).run();
            killed.fetch_add(usize::from(output.code == KILLED), Ordering::SeqCst);
            examine(&shop, step, &output);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(kill_all);
        }
    });
    killed.into_inner()
}
