/** The monitoring reports that went out. */
import { Page } from './page';
import { Empty } from './states';

export function ReportsPage() {
  return (
    <Page title="Reports">
      <Empty title="No report yet.">
        The weekly report always runs, others by the policy’s <code>monitoring_frequency</code>.
      </Empty>
    </Page>
  );
}
