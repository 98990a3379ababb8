-- ---
-- description: Each carrier against the others at the same airport in the same hour of the same day.
-- tags: [scorecard]
-- ---
-- Whom to fly with. A raw share of spoiled flights is unfair: a carrier with an evening schedule at
-- Newark looks bad whoever runs it. So each flight is compared with the flights of all *other*
-- carriers that were to leave the same airport in the same hour of the same day: same weather, same
-- queue for the runway. `rivals_pct` is what the carrier would have if it did as they did.
--
-- A second opinion keeps out a trap: United looks splendid only because most of its rivals at Newark
-- are ExpressJet. So the same is asked once more among flights to the same place on the same day
-- (`route_pct` against `route_rivals_pct`), and a verdict needs both.
--
-- Flights of one day share their luck, so counting flights overstates how sure we are; the months
-- are the check. A verdict needs 1,000 flights, a gap of 3 points in both comparisons, and 11 of 12
-- months on the same side.
with slots as (
    select
        origin,
        scheduled_hour_utc,
        date_trunc('month', flight_date) as month,
        carrier,
        airline,
        count(*) as flights,
        count(*) filter (where spoiled) as spoiled,
        count(*) filter (where status = 'cancelled') as cancelled
    from marts.departures
    group by origin, scheduled_hour_utc, date_trunc('month', flight_date), carrier, airline
),
slot_rivals as (
    select
        *,
        sum(flights) over slot - flights as rival_flights,
        sum(spoiled) over slot - spoiled as rival_spoiled
    from slots
    window slot as (partition by origin, scheduled_hour_utc)
),
months as (
    select
        carrier,
        airline,
        month,
        sum(flights) as flights,
        sum(spoiled) as spoiled,
        sum(cancelled) as cancelled,
        sum(flights) filter (where rival_flights > 0) as compared,
        sum(spoiled) filter (where rival_flights > 0) as compared_spoiled,
        sum(1.0 * flights * rival_spoiled / rival_flights)
            filter (where rival_flights > 0) as expected_spoiled
    from slot_rivals
    group by carrier, airline, month
),
years as (
    select
        carrier,
        airline,
        sum(flights) as flights,
        round(100.0 * sum(spoiled) / sum(flights), 1) as spoiled_pct,
        round(100.0 * sum(cancelled) / sum(flights), 1) as cancelled_pct,
        round(100.0 * sum(compared_spoiled) / sum(compared), 1) as compared_pct,
        round(100.0 * sum(expected_spoiled) / sum(compared), 1) as rivals_pct,
        count(*) filter (where compared_spoiled > expected_spoiled) as months_worse,
        count(*) filter (where compared_spoiled < expected_spoiled) as months_better
    from months
    group by carrier, airline
),
route_days as (
    select
        origin,
        dest,
        flight_date,
        carrier,
        count(*) as flights,
        count(*) filter (where spoiled) as spoiled
    from marts.departures
    group by origin, dest, flight_date, carrier
),
route_rivals as (
    select
        *,
        sum(flights) over route - flights as rival_flights,
        sum(spoiled) over route - spoiled as rival_spoiled
    from route_days
    window route as (partition by origin, dest, flight_date)
),
routes as (
    select
        carrier,
        sum(flights) as route_flights,
        round(100.0 * sum(spoiled) / sum(flights), 1) as route_pct,
        round(
            100.0 * sum(1.0 * flights * rival_spoiled / rival_flights) / sum(flights),
            1
        ) as route_rivals_pct
    from route_rivals
    where rival_flights > 0
    group by carrier
)
select
    y.carrier,
    y.airline,
    y.flights,
    y.spoiled_pct,
    y.cancelled_pct,
    y.compared_pct,
    y.rivals_pct,
    y.months_worse,
    y.months_better,
    r.route_flights,
    r.route_pct,
    r.route_rivals_pct,
    case
        when y.flights < 1000 then 'too few flights'
        when y.compared_pct - y.rivals_pct >= 3
            and r.route_pct - r.route_rivals_pct >= 3
            and y.months_worse >= 11
            then 'avoid'
        when y.rivals_pct - y.compared_pct >= 3
            and r.route_rivals_pct - r.route_pct >= 3
            and y.months_better >= 11
            then 'prefer'
        else 'like the others'
    end as verdict
from years as y
left join routes as r on r.carrier = y.carrier
