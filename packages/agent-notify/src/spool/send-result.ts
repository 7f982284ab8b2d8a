/** The result of sending a message. */
export type SendResult =
  | { readonly state: 'delivered'; readonly isRepeat: boolean }
  | { readonly state: 'waiting'; readonly reason: string; readonly next: number }
  | { readonly state: 'failed'; readonly error: Error };
