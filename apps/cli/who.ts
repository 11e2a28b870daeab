/** `tocsin who`: who is on call, now or at an instant, on each schedule, and why. */
import { arrangementsAt, planInForce, shifts, whoIsOnCall, withOverrides } from '../../libs/paging/index.js';
import { bundleOf, Bundles } from '../../libs/policy/index.js';
import { optionsOf } from './options.js';
import { configFor, withDatabase } from './settings.js';
import { Complaint, type Verb } from './verb.js';

const usage = 'who [--at TIME] [--days N]';

export const verb: Verb = {
  usage,
  summary: 'Say who is on call on each schedule and why; with --days, the shifts to come',
  async run(args, env) {
    const { values } = optionsOf(args, usage, { at: { type: 'string' }, days: { type: 'string' } });
    const days = values.days === undefined ? 0 : Number(values.days);
    if (!Number.isInteger(days) || days < 0 || days > 400)
      throw new Complaint(`--days is "${values.days}": wanted 1 to 400.`, 2);
    const config = configFor(['verbs'], env);
    return withDatabase(config.databaseUrl, async (database) => {
      const at = values.at === undefined ? await database.now() : new Date(values.at);
      if (Number.isNaN(at.getTime()))
        throw new Complaint(`--at is "${values.at}": wanted a time such as 2026-11-24T09:00:00Z.`, 2);
      const newest = await new Bundles().newest(database);
      const { bundle } = newest ? bundleOf(newest.files) : {};
      if (!bundle) throw new Complaint('No bundle is in force: run `npx tocsin apply`.');
      const to = new Date(at.getTime() + days * 86_400_000);
      const { overrides } = await arrangementsAt(database, at, { to });
      const { plan } = planInForce(bundle, config.defaultResponder || 'nobody@localhost.invalid');
      const arranged = withOverrides(plan, overrides);
      if (Object.keys(arranged.schedules).length === 0) {
        process.stdout.write('The plan has no schedule: its steps name responders.\n');
      }
      for (const answer of whoIsOnCall(arranged, at.getTime())) {
        process.stdout.write(`${answer.schedule}: ${answer.name ?? answer.responder ?? 'nobody'} (${answer.why})\n`);
        const schedule = arranged.schedules[answer.schedule];
        if (days === 0 || !schedule) continue;
        for (const shift of shifts(schedule, at.getTime(), to.getTime())) {
          const [from, until] = [shift.from, shift.to].map((ms) => new Date(ms).toISOString());
          process.stdout.write(`  ${from} to ${until}: ${shift.responder ?? 'nobody'} (${shift.why})\n`);
        }
      }
      return 0;
    });
  },
};
