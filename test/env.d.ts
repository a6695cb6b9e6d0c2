import type { Bindings } from "../src/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      readonly WEBHOOK_RECEIVER_URL: string;
      readonly TEST_ISSUER_URL: string;
      /**
       * The address where database requests are counted: the database itself, unless the suite runs against `npm run
       * serve`.
       */
      readonly COUNTS_URL?: string;
    }
    interface GlobalProps {
      mainModule: typeof import("../src/index.ts");
    }
  }
}
