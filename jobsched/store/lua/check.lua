-- Says what time it is, if the store is ours and takes writes.
call('SET', 'jobsched:checked', text(now))
return {'ok', text(now), call('GET', 'jobsched:fingerprint') or ''}
