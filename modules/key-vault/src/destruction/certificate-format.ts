/** The first member of every certificate. */
export const certificateFormat = 'sallyport-destruction-certificate@v1';
