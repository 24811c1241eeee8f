/** What `sallyport agent run` put there; read here alone. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
