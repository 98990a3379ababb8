-- The status is derived from what is missing in a row; this checks it against what is there: a
-- cancelled flight has no delay, a diverted one left but did not arrive, a flown one did both.
select
    flight_id,
    status,
    departure_delay,
    arrival_delay,
    spoiled
from staging.flights
where (status = 'cancelled' and (departure_delay is not null or arrival_delay is not null or not spoiled))
    or (status = 'diverted' and (departure_delay is null or arrival_delay is not null))
    or (status = 'flown' and (departure_delay is null or arrival_delay is null))
