/** With local servers a changed configuration folder is applied by itself; a bad one changes nothing and says why. */
import { watch } from 'node:fs';
import { runVerb } from './apps.mjs';
import { say } from './say.mjs';

/** Editors write a file in several strokes. */
const settleMs = 300;

/** @param {NodeJS.ProcessEnv} env */
export function watchConfig(env) {
  let timer;
  let running = false;
  let again = false;
  const apply = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    const { code, output } = await runVerb(['apply'], env);
    running = false;
    say(code === 0 ? output : `The changed configuration is not applied:\n${output}`);
    if (again) {
      again = false;
      await apply();
    }
  };
  const watcher = watch(env.TOCSIN_CONFIG, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void apply(), settleMs);
  });
  watcher.on('error', (error) => say(`The folder ${env.TOCSIN_CONFIG} is no longer watched: ${error.message}`));
  return {
    close() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
