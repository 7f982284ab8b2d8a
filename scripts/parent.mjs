/**
 * Ends this process with SIGTERM when npm, which started it, is gone: npm passes a SIGTERM on to its shell alone,
 * and what that shell runs would go on unseen.
 */
export function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  timer.unref();
}
