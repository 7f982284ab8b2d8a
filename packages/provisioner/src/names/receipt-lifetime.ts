/** Seconds that a receipt is valid; a quarantine may last over holidays. */
export const receiptLifetime = 30 * 86_400;
