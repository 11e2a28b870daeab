/** A remote verdict as the event that goes back to Kafka: through the same door as everybody else's. */
import type { RemoteVerdict } from '../../libs/detection/index.js';
import { verifierSource } from '../../libs/policy/index.js';
import type { PublishedEvent } from '../../libs/stream/index.js';

export function verdictEvent(verdict: RemoteVerdict): PublishedEvent {
  const { id, output, account, detector, label, score, explanation, ephemeral } = verdict;
  return {
    type: 'tocsin.verdict.v1',
    source: verifierSource,
    id,
    key: account,
    ...(ephemeral && { extensions: { retention: 'none' } }),
    data: {
      output,
      detector,
      label,
      ...(score !== undefined && { score }),
      ...(explanation !== undefined && { explanation }),
    },
  };
}
