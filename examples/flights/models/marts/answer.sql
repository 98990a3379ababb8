-- ---
-- answer: "Which carriers and hours should you avoid when you fly out of New York, and why?"
-- description: The answer in a few sentences, each with the number of flights behind it.
-- ---
-- What all the other models are for. The sentences are written from their figures, so they change
-- with the data, and with what you edit. Every figure in them is a number of spoiled flights out of
-- 100; the rules that keep small numbers out stand in the models read here.
with
hour_ranks as (
    select
        *,
        rank() over (order by spoiled_pct desc, flights desc) as worst_rank,
        rank() over (order by spoiled_pct, flights desc) as best_rank
    from marts.hours
    where flights >= 1000
),
worst_hour as (select * from hour_ranks where worst_rank = 1),
best_hour as (select * from hour_ranks where best_rank = 1),
all_hours as (
    select
        sum(flights) as flights,
        sum(spoiled) as spoiled,
        100.0 * sum(spoiled) / sum(flights) as spoiled_pct
    from marts.hours
),
late as (
    select cast(min(departure_delay) as bigint) as minutes from marts.departures where spoiled
),
verdicts as (
    select
        verdict,
        sum(flights) as flights,
        string_agg(
            concat(
                airline, ' ', cast(round(compared_pct) as bigint),
                ' vs ', cast(round(rivals_pct) as bigint)
            ),
            ', ' order by abs(compared_pct - rivals_pct) desc, carrier
        ) as carriers
    from marts.carriers
    group by verdict
),
picks as (
    select
        c.airline,
        c.flights,
        c.spoiled_pct,
        c.worst_rank,
        max(c.worst_rank) over () as last_rank,
        h.hour_label
    from marts.carrier_hours as c
    join marts.hours as h on h.scheduled_hour = c.scheduled_hour
    where c.enough
),
worst_pick as (select * from picks where worst_rank = 1),
best_pick as (select * from picks where worst_rank = last_rank),
bad_weather as (
    select
        sum(flights) as flights,
        sum(excess_spoiled) as excess_spoiled,
        100.0 * sum(spoiled) / sum(flights) as spoiled_pct,
        sum(flights * fair_weather_pct) / sum(flights) as fair_weather_pct
    from marts.weather_effect
    where conditions <> 'fair'
),
very_late_plane as (
    select * from marts.late_plane_effect where earlier_trip = 'an hour late or more'
),
oldest_planes as (
    select * from marts.plane_age_effect where plane_age = '20 years or more'
),
sentences as (
    select
        1 as line,
        'hours to avoid' as about,
        concat(
            w.hour_label, ': ', cast(round(w.spoiled_pct) as bigint),
            ' of 100 flights are spoiled (', l.minutes, '+ minutes late, or never leave). ',
            b.hour_label, ': ', cast(round(b.spoiled_pct) as bigint),
            '. All day: ', cast(round(a.spoiled_pct) as bigint), '.'
        ) as finding,
        w.flights
    from worst_hour as w, best_hour as b, all_hours as a, late as l
    union all
    select
        2,
        'carriers to avoid',
        concat(carriers, ' of others at the same place and hour.'),
        flights
    from verdicts
    where verdict = 'avoid'
    union all
    select
        3,
        'carriers to prefer',
        concat(carriers, ' of others at the same place and hour.'),
        flights
    from verdicts
    where verdict = 'prefer'
    union all
    select
        4,
        'worst, best choice',
        concat(
            w.airline, ' at ', w.hour_label, ': ', cast(round(w.spoiled_pct) as bigint), '. ',
            b.airline, ' at ', b.hour_label, ': ', cast(round(b.spoiled_pct) as bigint), '.'
        ),
        w.flights + b.flights
    from worst_pick as w, best_pick as b
    union all
    select
        5,
        'why the evening',
        concat(
            'Fair weather only lowers ', hour_label, ' to ',
            cast(round(fair_weather_pct) as bigint),
            '; planes punctual on their earlier trip: ',
            cast(round(punctual_plane_pct) as bigint), '.'
        ),
        flights
    from worst_hour
    union all
    select
        6,
        'why: late planes',
        concat(
            'Plane an hour late on its earlier trip: ', cast(round(compared_pct) as bigint),
            '; punctual planes, same place and hour: ',
            cast(round(punctual_planes_pct) as bigint), '.'
        ),
        compared_flights
    from very_late_plane
    union all
    select
        7,
        'why: weather',
        concat(
            'Rain, snow, fog, strong wind: ', cast(round(w.spoiled_pct) as bigint),
            '; fair, same hours: ', cast(round(w.fair_weather_pct) as bigint),
            '. At least ', cast(round(100.0 * w.excess_spoiled / a.spoiled) as bigint),
            ' % of all spoiled flights.'
        ),
        w.flights
    from bad_weather as w, all_hours as a
    union all
    select
        8,
        'hardly: old planes',
        concat(
            'Planes of 20 years or more: ', cast(round(spoiled_pct) as bigint),
            '; all planes of their carriers at those hours: ',
            cast(round(same_carrier_pct) as bigint), '.'
        ),
        flights
    from oldest_planes
)
select
    line,
    about,
    finding,
    flights
from sentences
order by line
