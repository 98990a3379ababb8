-- ---
-- description: One row per aircraft (tail number), with the year it was built.
-- tags: [reference]
-- ---
-- The register of aircraft, with the many spellings of a manufacturer folded into one.
--
-- American and Envoy report fleet numbers that mostly do not occur in this register, so for their
-- flights a plane's age is unknown; marts.plane_age_effect leaves them out
-- instead of guessing.
select
    tailnum,
    year as built_year,
    case
        when manufacturer like 'AIRBUS%' then 'Airbus'
        when manufacturer like 'BOEING%' then 'Boeing'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'McDonnell Douglas'
        when manufacturer like 'DOUGLAS%' then 'McDonnell Douglas'
        when manufacturer like 'BOMBARDIER%' then 'Bombardier'
        when manufacturer like 'CANADAIR%' then 'Bombardier'
        when manufacturer like 'EMBRAER%' then 'Embraer'
        else initcap(manufacturer)
    end as manufacturer,
    model,
    seats,
    engines
from raw.planes
