import { LOAD_MEASURES } from '../domain/load.ts';
import * as field from './fields.ts';
import { key, section } from './key.ts';

/** What a plan evens out. */
export const balance = section(
  {
    objective: key(
      field.choice(['count', 'load']),
      'count',
      'What is evened out over the datanodes: how many regions they lead, or their load. See docs/objectives.md.',
    ),
    load: section(
      {
        by: key(
          field.choice(LOAD_MEASURES),
          'writes',
          'Which load: bytes written per second, bytes on disk, or rows.',
        ),
        tolerance: key(field.percent(100), '10%', 'How far from the mean a datanode may be after a plan.'),
        trigger: key(
          field.percent(1_000),
          '20%',
          'How far above the mean one has to be before anything is moved.',
        ),
        stableFor: key(field.whole(1, 1_000), 3, 'For how many cycles in a row.'),
        minimum: key(
          field.amount,
          '1MiB/s',
          'A datanode with less is never too loaded: bytes per second or bytes with a unit, or a number of rows.',
        ),
      },
      'When and how far the objective `load` evens out.',
    ),
  },
  'What balanced means.',
);
