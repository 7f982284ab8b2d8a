/** The clock of this process, which a test can set forward; whoever calls this restores it. */
export function movedClock(): { forward(milliseconds: number): void; restore(): void } {
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;
  return {
    forward: (milliseconds) => {
      ahead += milliseconds;
    },
    restore: () => {
      Date.now = now;
    },
  };
}
