-- ---
-- description: Old planes against all planes of the same carrier at the same airport and hour of day.
-- tags: [reason]
-- ---
-- Is it the old planes? A carrier with old planes differs from one with new planes in more than age,
-- so a plane is compared with the planes of its own carrier, airport and hour of day
-- (`same_carrier_pct`). Carriers for which the register knows fewer than 9 planes in 10 are left out.
with carriers as (
    select carrier
    from marts.departures
    group by carrier
    having count(plane_age_years) >= 0.9 * count(*)
),
flights as (
    select
        d.carrier,
        d.origin,
        d.scheduled_hour,
        d.spoiled,
        case
            when d.plane_age_years < 5 then '0 to 4 years'
            when d.plane_age_years < 10 then '5 to 9 years'
            when d.plane_age_years < 15 then '10 to 14 years'
            when d.plane_age_years < 20 then '15 to 19 years'
            else '20 years or more'
        end as plane_age
    from marts.departures as d
    join carriers as c on c.carrier = d.carrier
    where d.plane_age_years is not null
),
slots as (
    select
        carrier,
        origin,
        scheduled_hour,
        1.0 * count(*) filter (where spoiled) / count(*) as spoiled_share
    from flights
    group by carrier, origin, scheduled_hour
)
select
    f.plane_age,
    count(*) as flights,
    round(100.0 * count(*) filter (where f.spoiled) / count(*), 1) as spoiled_pct,
    round(100.0 * avg(s.spoiled_share), 1) as same_carrier_pct
from flights as f
join slots as s
    on s.carrier = f.carrier
    and s.origin = f.origin
    and s.scheduled_hour = f.scheduled_hour
group by f.plane_age
