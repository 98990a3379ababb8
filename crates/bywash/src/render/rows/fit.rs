//! Which columns of a table fit a terminal, and how wide they may be.

/// A column that would be narrower than this is left out instead.
const NARROWEST: usize = 8;
/// Border and spaces of a column; the table has one border more.
const FRAME: usize = 3;

/// The widths of the first columns; the rest does not fit.
///
/// The widest columns give first: all get at most the same width, the largest at which the table fits.
pub(super) fn fit(wanted: &[usize], terminal: usize) -> Vec<usize> {
    let mut shown = wanted.len();
    while shown > 1 {
        let narrowest: usize = wanted[..shown].iter().map(|width| (*width).min(NARROWEST)).sum();
        if narrowest + frame(shown) <= terminal {
            break;
        }
        shown -= 1;
    }
    let room = terminal.saturating_sub(frame(shown));
    let widest = wanted[..shown].iter().copied().max().unwrap_or(0);
    let fits = |limit: &usize| wanted[..shown].iter().map(|width| (*width).min(*limit)).sum::<usize>() <= room;
    let limit = (NARROWEST..=widest).rev().find(fits).unwrap_or(NARROWEST);
    wanted[..shown].iter().map(|width| (*width).min(limit)).collect()
}

const fn frame(columns: usize) -> usize {
    columns * FRAME + 1
}
