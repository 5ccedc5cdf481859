-- flags: no-writes
-- Gives the alarms, each as the time at which it was raised and its sentence.
return {'ok', call('HGETALL', ALARMS)}
