// Stands before the bundled program: decides what becomes of each await (instrument.ts).
{
  const [target, kind] = (Deno.env.get("FAULT") ?? "").split(":");
  const report = Deno.env.get("FAULT_REPORT");

  globalThis.__fault = (id, action) => {
    if (report !== undefined) {
      Deno.writeTextFileSync(report, `${id}\n`, { append: true });
    }
    if (String(id) !== target) return action();
    switch (kind) {
      case "throw":
        return Promise.reject(new Error("injected"));
      case "reject":
        return Promise.reject(undefined);
      case "after":
        return action().then(() => {
          throw new Error("injected");
        });
      case "never":
        return new Promise(() => {});
      case "undefined":
        return Promise.resolve(undefined);
      default:
        throw new Error(`no such fault: ${kind}`);
    }
  };

  globalThis.__faultLoop = (id, iterable) => ({
    [Symbol.asyncIterator]() {
      const inner = (async function* () {
        yield* iterable();
      })();
      return {
        next: () => globalThis.__fault(id, () => inner.next()),
        return: () => inner.return(),
      };
    },
  });
}
