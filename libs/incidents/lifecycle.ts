/**
 * What a person may do to an incident, decided here without I/O. A second click changes nothing and says who was
 * first; only what contradicts the incident's state is refused.
 */
import { falsePositive, type Incident, type Severity } from './incident.js';
import type { Actor, NewTimelineEntry } from './timeline.js';

export type Action =
  | { readonly do: 'acknowledge' }
  | { readonly do: 'resolve'; readonly resolution: string }
  | { readonly do: 'reopen' }
  | { readonly do: 'note' }
  | { readonly do: 'severity'; readonly severity: Severity }
  | { readonly do: 'merge'; readonly into: Incident };

export type Decision =
  | { readonly outcome: 'changed'; readonly incident: Incident; readonly entry: NewTimelineEntry }
  /** Already so: nothing is written, and nothing is wrong. */
  | { readonly outcome: 'already'; readonly incident: Incident }
  | { readonly outcome: 'refused'; readonly incident: Incident; readonly reason: string };

/** Named words for `resolution`; another word of the same form is taken too. */
export const resolutions = ['resolved', 'mitigated', 'accepted', 'duplicate', falsePositive] as const;
const resolutionForm = /^[a-z][a-z0-9_-]{0,63}$/;

export function decide(incident: Incident, action: Action, actor: Actor, now: Date): Decision {
  const changed = (next: Incident, what: string, details?: NewTimelineEntry['details']): Decision => ({
    outcome: 'changed',
    incident: next,
    entry: {
      incident: incident.id,
      who: actor.who,
      what,
      ...(actor.why === undefined ? {} : { why: actor.why }),
      ...(details ? { details } : {}),
    },
  });
  const already: Decision = { outcome: 'already', incident };
  const refused = (reason: string): Decision => ({ outcome: 'refused', incident, reason });

  switch (action.do) {
    case 'acknowledge':
      if (incident.status !== 'open') return already;
      return changed(
        { ...incident, status: 'acknowledged', acknowledgedAt: now, acknowledgedBy: actor.who },
        'acknowledged',
      );
    case 'resolve':
      if (incident.status === 'resolved') return already;
      if (!resolutionForm.test(action.resolution))
        return refused(
          `resolution "${action.resolution.slice(0, 64)}" is no word of up to 64 small letters, digits, _ and -; use one of ${resolutions.join(', ')}`,
        );
      return changed(resolvedAs(incident, action.resolution, actor, now), 'resolved', {
        resolution: action.resolution,
      });
    case 'reopen':
      if (incident.status !== 'resolved') return already;
      if (incident.mergedInto !== undefined)
        return refused('it was merged into another incident: re-open that one, or resolve neither');
      return changed(reopened(incident), 'reopened');
    case 'note':
      if (!actor.why?.trim()) return refused('a note needs a text');
      return changed(incident, 'noted');
    case 'severity':
      if (incident.severity === action.severity) return already;
      if (!actor.why?.trim()) return refused('a change of severity needs a reason');
      return changed({ ...incident, severity: action.severity }, 'severity changed', {
        from: incident.severity,
        to: action.severity,
      });
    case 'merge':
      if (incident.mergedInto === action.into.id) return already;
      if (incident.id === action.into.id) return refused('an incident cannot be merged into itself');
      if (incident.status === 'resolved') return refused('it is resolved: re-open it first, or link the two');
      if (action.into.status === 'resolved')
        return refused(`incident ${action.into.number} is resolved: re-open it first, or link the two`);
      return changed({ ...resolvedAs(incident, 'duplicate', actor, now), mergedInto: action.into.id }, 'merged', {
        into: action.into.id,
        number: action.into.number,
      });
  }
}

function resolvedAs(incident: Incident, resolution: string, actor: Actor, now: Date): Incident {
  return { ...incident, status: 'resolved', resolution, resolvedAt: now, resolvedBy: actor.who };
}

/** Open again, in a new round: nobody has acknowledged that one. */
export function reopened(incident: Incident): Incident {
  const {
    acknowledgedAt: _a,
    acknowledgedBy: _b,
    resolvedAt: _c,
    resolvedBy: _d,
    resolution: _e,
    mergedInto: _f,
    ...kept
  } = incident;
  return { ...kept, status: 'open', round: incident.round + 1 };
}
