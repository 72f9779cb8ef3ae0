//! Calls of each minute at rest, as a picture.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 60.0;
const COLOURS: [&str; 4] = ["#0b7285", "#66a80f", "#c92a2a", "#5f3dc4"];

/// A line of a plot: its name and its values.
pub type Line = (String, Vec<u64>);

/// `DescribeServices` calls a minute over the minutes of the steady state; `quota` is drawn as a bound.
#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
pub fn plot(lines: &[Line], quota: u64) -> String {
    let highest = lines.iter().flat_map(|(_, values)| values).copied().chain([quota]).max().unwrap_or(1).max(1) as f64;
    let y = |value: f64| HEIGHT - 40.0 - value / highest * (HEIGHT - 80.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
        <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
        <text x=\"{LEFT}\" y=\"18\">DescribeServices a minute, nothing changing (minutes)</text>\n"
    );
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"#868e96\" stroke-dasharray=\"4\"/>\
        <text x=\"4\" y=\"{0:.1}\">quota {quota}</text>",
        y(quota as f64)
    );
    for ((name, values), (number, colour)) in lines.iter().zip(COLOURS.iter().enumerate()) {
        let step = (WIDTH - LEFT - 10.0) / (values.len().saturating_sub(1).max(1) as f64);
        let point =
            |(minute, value): (usize, &u64)| format!("{:.1},{:.1}", LEFT + minute as f64 * step, y(*value as f64));
        let points: Vec<String> = values.iter().enumerate().map(point).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>\
            <text x=\"{:.0}\" y=\"{:.0}\" fill=\"{colour}\">{name}</text>",
            points.join(" "),
            LEFT + 200.0 * number as f64,
            HEIGHT - 10.0,
        );
    }
    svg.push_str("</svg>\n");
    svg
}
