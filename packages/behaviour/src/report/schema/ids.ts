import { z } from 'zod';

/** Id of an event of this report; the raw trace artifact uses the same ids. */
export const EventId = z.string().regex(/^e[0-9]+$/);
export const SignalId = z.string().regex(/^s[0-9]+$/);
export const CanaryId = z.string().regex(/^c[0-9]+$/);

/** 64 lower-case hex digits, written bare (`…sha256`). */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
/** `sha256:<hex>` (`…digest`). */
export const Sha256Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const Count = z.number().int().min(0);
/** Milliseconds, whole. */
export const Ms = z.number().int().min(0);
export const Port = z.number().int().min(0).max(65535);
