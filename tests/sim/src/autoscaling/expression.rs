//! Schedules: `at(…)`, `rate(…)` and `cron(…)`, and when they are next due.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// Days to look ahead for a cron expression.
const HORIZON: i32 = 366 * 5;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A schedule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Once, virtual time in milliseconds.
    At(i64),
    /// Every so many milliseconds.
    Rate(i64),
    /// By the calendar.
    Cron(Box<Cron>),
}

/// The allowed numbers of each field; none = any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    years: Field,
    offset: Offset,
}

type Field = Option<Vec<i16>>;

impl Expression {
    /// Reads a schedule; the error is what AWS would say.
    pub(super) fn read(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let wrong = || format!("Invalid schedule expression: {text}");
        let offset = offset(zone.unwrap_or("UTC")).ok_or_else(|| format!("Invalid time zone: {zone:?}"))?;
        let (kind, rest) = text.split_once('(').ok_or_else(wrong)?;
        let inner = rest.strip_suffix(')').ok_or_else(wrong)?.trim();
        match kind {
            "at" => {
                let moment: DateTime = inner.parse().map_err(|_| wrong())?;
                let moment = offset.to_timestamp(moment).map_err(|_| wrong())?;
                Ok(Self::At(moment.as_millisecond()))
            }
            "rate" => rate(inner).map(Self::Rate).ok_or_else(wrong),
            "cron" => cron(inner, offset).map(|cron| Self::Cron(Box::new(cron))).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    /// The first moment after `now`. A rate counts from `anchor`, which is itself a moment if `inclusive`.
    pub(super) fn next_after(&self, now: i64, anchor: i64, inclusive: bool) -> Option<i64> {
        match self {
            Self::At(at) => (*at > now).then_some(*at),
            Self::Rate(every) => {
                if inclusive && anchor > now {
                    return Some(anchor);
                }
                Some(anchor + ((now - anchor).max(0).div_euclid(*every) + 1) * every)
            }
            Self::Cron(cron) => cron.next_after(now),
        }
    }
}

impl Cron {
    fn next_after(&self, now: i64) -> Option<i64> {
        let now = Timestamp::from_millisecond(now).ok()?;
        let local = self.offset.to_datetime(now);
        let mut date = local.date();
        for _ in 0..HORIZON {
            if self.has(date) {
                let moments = (0..24_i8).flat_map(|hour| (0..60_i8).map(move |minute| (hour, minute)));
                let allowed = moments.filter(|(hour, minute)| {
                    holds(&self.hours, (*hour).into()) && holds(&self.minutes, (*minute).into())
                });
                let next = allowed.map(|(hour, minute)| date.at(hour, minute, 0, 0)).find(|moment| *moment > local);
                if let Some(next) = next {
                    return self.offset.to_timestamp(next).ok().map(Timestamp::as_millisecond);
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn has(&self, date: Date) -> bool {
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        holds(&self.years, date.year())
            && holds(&self.months, date.month().into())
            && holds(&self.days, date.day().into())
            && holds(&self.weekdays, weekday)
    }
}

fn holds(field: &Field, number: i16) -> bool {
    field.as_ref().is_none_or(|allowed| allowed.contains(&number))
}

/// `value unit`, the unit in the singular for 1.
fn rate(text: &str) -> Option<i64> {
    let (value, unit) = text.split_once(' ')?;
    let value: i64 = value.parse().ok().filter(|value| *value > 0)?;
    let minutes = match unit.trim() {
        "minute" | "minutes" => 1,
        "hour" | "hours" => 60,
        "day" | "days" => 1_440,
        _ => return None,
    };
    value.checked_mul(minutes * 60_000)
}

/// Six fields; exactly one of the two kinds of days is `?`. `L`, `W` and `#` are not simulated.
fn cron(text: &str, offset: Offset) -> Option<Cron> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
        return None;
    };
    if (*days == "?") == (*weekdays == "?") {
        return None;
    }
    Some(Cron {
        minutes: field(minutes, 0, 59, &[])?,
        hours: field(hours, 0, 23, &[])?,
        days: field(days, 1, 31, &[])?,
        months: field(months, 1, 12, &MONTHS)?,
        weekdays: field(weekdays, 1, 7, &DAYS)?,
        years: field(years, 1970, 2199, &[])?,
        offset,
    })
}

/// Lists, ranges and steps of numbers or names. Outer `None` = unreadable.
fn field(text: &str, low: i16, high: i16, names: &[&str]) -> Option<Field> {
    if text == "*" || text == "?" {
        return Some(None);
    }
    let number = |word: &str| -> Option<i16> {
        let position = names.iter().position(|name| name.eq_ignore_ascii_case(word));
        let number = match position {
            Some(index) => i16::try_from(index).ok()? + low,
            None => word.parse().ok()?,
        };
        (low..=high).contains(&number).then_some(number)
    };
    let mut allowed = Vec::new();
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match span.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if span == "*" => (low, high),
            None => (number(span)?, if step.is_some() { high } else { number(span)? }),
        };
        allowed.extend((from..=to).step_by(step.unwrap_or(1)));
    }
    allowed.sort_unstable();
    Some(Some(allowed))
}

/// The offset of a zone. Zones of places are accepted and count as UTC: there are no tables of them here.
fn offset(zone: &str) -> Option<Offset> {
    if ["UTC", "GMT", "Etc/UTC", "Etc/GMT"].contains(&zone) {
        return Some(Offset::UTC);
    }
    if let Some(hours) = zone.strip_prefix("Etc/GMT") {
        // The sign of these names is the other way round.
        let hours: i8 = hours.parse().ok().filter(|hours| (-14..=12).contains(hours))?;
        return Offset::from_hours(-hours).ok();
    }
    let place = zone.split_once('/').is_some_and(|(area, place)| !area.is_empty() && !place.is_empty());
    place.then_some(Offset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: Option<&str>, after: &str) -> String {
        let now: Timestamp = after.parse().unwrap();
        let expression = Expression::read(schedule, zone).unwrap();
        let next = expression.next_after(now.as_millisecond(), now.as_millisecond(), false).unwrap();
        Timestamp::from_millisecond(next).unwrap().to_string()
    }

    #[test]
    fn schedules_are_due_when_the_calendar_says() {
        // 2026-01-05 is a Monday.
        for (schedule, zone, due) in [
            ("cron(0 9 * * ? *)", None, "2026-01-05T09:00:00Z"),
            ("cron(0 8 * * ? *)", None, "2026-01-06T08:00:00Z"),
            ("cron(0/20 * * * ? *)", None, "2026-01-05T08:20:00Z"),
            ("cron(30 6 ? * SAT,SUN *)", None, "2026-01-10T06:30:00Z"),
            ("cron(30 6 ? * 2-6 *)", None, "2026-01-06T06:30:00Z"),
            ("cron(0 0 29 2 ? *)", None, "2028-02-29T00:00:00Z"),
            ("cron(0 9 * * ? *)", Some("Etc/GMT-1"), "2026-01-06T08:00:00Z"),
            ("rate(2 hours)", None, "2026-01-05T10:00:00Z"),
            ("at(2026-03-01T00:00:00)", None, "2026-03-01T00:00:00Z"),
        ] {
            assert_eq!(next(schedule, zone, "2026-01-05T08:00:00Z"), due, "{schedule}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for schedule in
            ["", "at()", "at(tomorrow)", "rate(0 minutes)", "rate(5 weeks)", "cron(* * * * *)", "cron(0 9 * * * *)"]
        {
            assert!(Expression::read(schedule, None).is_err(), "{schedule}");
        }
        assert!(Expression::read("rate(1 day)", Some("nowhere")).is_err());
    }
}
