import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const configuration = defineConfig({
  plugins: [react()],
  test: {
    environment: "jsdom",
    include: ["static/src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});

// Vitest reads its configuration from the default export.
export { configuration as default };
