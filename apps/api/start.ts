import type { StartApp } from '../app.js';

export const startApi: StartApp = async () => ({ close: async () => undefined });
