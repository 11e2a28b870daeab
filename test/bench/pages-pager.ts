/** A pager alone, for the bench and the faults of paging: arguments are the database's URL and the SMTP server's or webhook's. */
import { createDataSource, Database } from '../../libs/database/index.js';
import { Incidents } from '../../libs/incidents/index.js';
import { EmailChannel, HttpChannel, Outbound, Pager, Pages } from '../../libs/paging/index.js';

const [databaseUrl = '', receiver = ''] = process.argv.slice(2);
const source = createDataSource({ url: databaseUrl, applicationName: 'bench pager', poolSize: 8 });
const database = new Database(await source.initialize());
const pager = new Pager({
  database,
  databaseUrl,
  pages: new Pages(new Incidents()),
  channels: {
    mail: new EmailChannel({ servers: receiver.startsWith('smtp') ? [receiver] : [], from: 'tocsin@example.com' }),
    http: new HttpChannel(new Outbound(['127.0.0.1']), () => []),
  },
  links: { publicUrl: 'http://tocsin.test', secretKeys: ['k'.repeat(40)] },
});
await pager.start();
const before = process.cpuUsage();
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / 1e6}\n`);
  void pager
    .close()
    .then(() => source.destroy())
    .then(() => process.exit(0));
});
