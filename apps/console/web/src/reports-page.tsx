/** The monitoring reports that were made, and each in the words that were sent. */
import { Anchor, Grid, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { Report } from './client';
import { Moment } from './moment';
import { More } from './more';
import { Page } from './page';
import { reportQuery, useReports } from './queries';
import { Empty, Read } from './states';

export function ReportsPage() {
  const { report } = useSearch({ from: '/shell/reports' });
  const { reading, ...more } = useReports();
  return (
    <Page title="Reports">
      <Read reading={reading} what="reports" rows={6}>
        {(reports) =>
          reports.length === 0 ? (
            <Empty title="No report yet.">
              The weekly report always runs, others by the policy’s <code>monitoring_frequency</code>. One for any week:{' '}
              <code>tocsin report weekly --week 2026-W47</code>.
            </Empty>
          ) : (
            <Grid gap="md">
              <Grid.Col span={{ base: 12, lg: 4 }}>
                <ul className="plain findings">
                  {reports.map((one) => (
                    <Line key={one.id} report={one} />
                  ))}
                </ul>
                <More {...more} />
              </Grid.Col>
              <Grid.Col span={{ base: 12, lg: 8 }}>
                <Whole id={report ?? reports[0]?.id ?? ''} />
              </Grid.Col>
            </Grid>
          )
        }
      </Read>
    </Page>
  );
}

function Line({ report }: { report: Report }) {
  return (
    <li>
      <Anchor
        size="sm"
        fw={550}
        renderRoot={(props) => <Link to="/reports" search={{ report: report.id }} {...props} />}
      >
        {report.subject}
      </Anchor>
      <Text size="xs" c="dimmed" className="wrap">
        {report.kind}, {report.period} · {sentWords(report)}
        {report.sent_at !== null && <Moment at={report.sent_at} short />}
      </Text>
    </li>
  );
}

function sentWords({ sent_at, late, waiting, refused }: Report): string {
  const troubles = [waiting > 0 && `${waiting} still to be reached`, refused > 0 && `${refused} refused`].filter(
    Boolean,
  );
  const trouble = troubles.length > 0 ? `${troubles.join(', ')}; ` : '';
  if (sent_at === null) return `${trouble}not sent yet`;
  return `${trouble}sent ${late ? 'late ' : ''}`;
}

function Whole({ id }: { id: string }) {
  const reading = useQuery(reportQuery(id));
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'md' }} component="section" aria-label="The report">
      <Read reading={reading} what="the report" rows={10}>
        {({ text }) => <pre className="report">{text}</pre>}
      </Read>
    </Paper>
  );
}
