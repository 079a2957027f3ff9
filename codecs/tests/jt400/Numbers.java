import com.ibm.as400.access.*;
import java.io.*;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.TimeZone;

/**
 * What IBM's open-source jt400 makes of numbers and dates, for `codecs/tests/number_oracle.rs`.
 *
 * A line of input is kind, parameters, bytes in hex and a text, parted by tabs; a line of output is what jt400 reads
 * from the bytes and which bytes it writes for the text, `!` for an exception.
 */
public final class Numbers {
    private static final TimeZone GMT = TimeZone.getTimeZone("GMT");

    public static void main(String[] arguments) throws IOException {
        TimeZone.setDefault(GMT);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "UTF-8");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] column = line.split("\t", -1);
            AS400DataType type = type(column[0], column[1].isEmpty() ? new String[0] : column[1].split(" "));
            out.println(read(type, column[2]) + "\t" + write(type, column[3]));
        }
        out.flush();
    }

    private static AS400DataType type(String kind, String[] p) {
        switch (kind) {
            case "packed": return new AS400PackedDecimal(Integer.parseInt(p[0]), Integer.parseInt(p[1]));
            case "zoned": return new AS400ZonedDecimal(Integer.parseInt(p[0]), Integer.parseInt(p[1]));
            case "binary2": return new AS400Bin2();
            case "binary4": return new AS400Bin4();
            case "binary8": return new AS400Bin8();
            case "unsigned2": return new AS400UnsignedBin2();
            case "unsigned4": return new AS400UnsignedBin4();
            case "unsigned8": return new AS400UnsignedBin8();
            case "float4": return new AS400Float4();
            case "float8": return new AS400Float8();
            case "decfloat": return new AS400DecFloat(Integer.parseInt(p[0]));
            case "date": return new AS400Date(GMT, AS400Date.toFormat(p[0]), separator(p));
            case "time": return new AS400Time(GMT, AS400Time.toFormat(p[0]), separator(p));
            case "timestamp": return new AS400Timestamp(GMT, Integer.parseInt(p[0]));
            default: throw new IllegalArgumentException(kind);
        }
    }

    private static Character separator(String[] p) {
        return p.length < 2 ? null : Character.valueOf(p[1].charAt(0));
    }

    private static String read(AS400DataType type, String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        try {
            Object value = type.toObject(bytes);
            if (value instanceof Float) return String.format("%08X", Float.floatToRawIntBits((Float) value));
            if (value instanceof Double) return String.format("%016X", Double.doubleToRawLongBits((Double) value));
            if (type instanceof AS400Timestamp) return ((AS400Timestamp) type).toString(value);
            if (type instanceof AS400PackedDecimal || type instanceof AS400ZonedDecimal) {
                return ((BigDecimal) value).toPlainString();
            }
            return value.toString();
        } catch (RuntimeException e) {
            return "!";
        }
    }

    private static String write(AS400DataType type, String text) {
        try {
            StringBuilder hex = new StringBuilder();
            for (byte b : type.toBytes(value(type, text))) {
                hex.append(String.format("%02X", b));
            }
            return hex.toString();
        } catch (RuntimeException e) {
            return "!";
        }
    }

    private static Object value(AS400DataType type, String text) {
        if (type instanceof AS400Bin2) return Short.valueOf(text);
        if (type instanceof AS400Bin4) return Integer.valueOf(text);
        if (type instanceof AS400Bin8) return Long.valueOf(text);
        if (type instanceof AS400UnsignedBin2) return Integer.valueOf(text);
        if (type instanceof AS400UnsignedBin4) return Long.valueOf(text);
        if (type instanceof AS400UnsignedBin8) return new java.math.BigInteger(text);
        if (type instanceof AS400Float4) return Float.valueOf(text);
        if (type instanceof AS400Float8) return Double.valueOf(text);
        if (type instanceof AS400Date) return java.sql.Date.valueOf(text);
        if (type instanceof AS400Time) return java.sql.Time.valueOf(text);
        if (type instanceof AS400Timestamp) return ((AS400Timestamp) type).parse(text);
        return new BigDecimal(text);
    }
}
