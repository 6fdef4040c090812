/** Pictures, sounds, fonts and catalogues. Does not match `tool.gz`: an archive is meant to be unpacked. */
export const mediaPath = /\.(png|jpe?g|gif|ico|bmp|webp|avif|svg|wav|mp3|ogg|flac|mp4|webm|ttf|otf|woff2?|po|mo)$/i;
