import type { StartApp } from '../app.js';

export const startPager: StartApp = async () => ({ close: async () => undefined });
