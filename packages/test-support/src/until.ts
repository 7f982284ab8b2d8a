/** Looks until `condition` holds, for 15 seconds at most. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`timeout: waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
