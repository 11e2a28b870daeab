/** Every migration, in order; released ones are never edited. */
import { Clock1764500000001 } from './0001-clock.js';
import { Stream1764500000002 } from './0002-stream.js';
import { Policy1764500000003 } from './0003-policy.js';
import { Incidents1764500000004 } from './0004-incidents.js';
import { Paging1764500000005 } from './0005-paging.js';
import { Access1764500000006 } from './0006-access.js';
import { Reports1764500000007 } from './0007-reports.js';
import { Detection1764500000008 } from './0008-detection.js';
import { Checks1764500000009 } from './0009-checks.js';

export const migrations = [
  Clock1764500000001,
  Stream1764500000002,
  Policy1764500000003,
  Incidents1764500000004,
  Paging1764500000005,
  Access1764500000006,
  Reports1764500000007,
  Detection1764500000008,
  Checks1764500000009,
];
