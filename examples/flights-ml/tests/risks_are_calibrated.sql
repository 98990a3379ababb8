-- What is predicted for all flights of a carrier adds up to what happened to them, give or take a point in a hundred;
-- and a risk is a share. The rows returned are the carriers for which that does not hold.
select
    carrier,
    sum(flights * risk) / sum(flights) as predicted,
    1.0 * sum(spoiled) / sum(flights) as observed,
    min(risk) as least,
    max(risk) as most
from ml.delay_risk
group by carrier
having (sum(flights) >= 1000 and abs(sum(flights * risk) - sum(spoiled)) > 0.01 * sum(flights))
    or min(risk) < 0
    or max(risk) > 1
