/** Templates are checked by what the tests say of them; the CDK's own validation runs in `npm run synth`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { CDK_VALIDATION: 'false' },
    // One import of the CDK for each worker: it takes longer than the tests.
    isolate: false,
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
